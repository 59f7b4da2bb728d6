"""Numbers and names as pages write them."""

import pytest

from tuner_service.dashboard import formatting


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.34, "0.3 s"),
        (3.0, "3 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (3905, "1 h 5 min"),
        (3 * 86_400 + 7200, "3 d 2 h"),
        (None, "—"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float | None, written: str) -> None:
    assert formatting.duration(seconds) == written


def test_a_name_is_broken_between_its_words_and_stays_text() -> None:
    assert formatting.breakable("training.batch_size") == "training.<wbr>batch_<wbr>size"
    assert formatting.breakable("<b>&'x") == "&lt;b&gt;&amp;&#39;x"


def test_a_sentence_begins_large_unless_with_a_name() -> None:
    assert formatting.sentence("ended by hand") == "Ended by hand."
    assert formatting.sentence("val_loss was not finite!") == "val_loss was not finite!"
    assert formatting.sentence("loss was not finite", ["loss"]) == "loss was not finite."
