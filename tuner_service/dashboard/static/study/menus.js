// Menus (`details` in a bar): one is open at a time, until Escape or a click elsewhere.

export function menus(bar) {
  const all = [...bar.querySelectorAll("details")];
  const open = () => all.find((menu) => menu.open);
  for (const menu of all) {
    menu.addEventListener("toggle", () => {
      if (menu.open) for (const other of all) other.open = other === menu;
    });
  }
  document.addEventListener("click", ({ target }) => {
    const menu = open();
    if (menu && !menu.contains(target)) menu.open = false;
  });
  bar.addEventListener("keydown", ({ key }) => {
    const menu = open();
    if (key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
