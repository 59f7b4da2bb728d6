// On a phone the names of the pages scroll sideways: the one of this page is to be seen.
const nav = document.querySelector(".top nav");
const here = nav?.querySelector("[aria-current]");
if (here) {
  const middle = (element) => element.getBoundingClientRect().left + element.offsetWidth / 2;
  nav.scrollLeft += middle(here) - middle(nav);
}
