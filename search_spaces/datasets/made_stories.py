"""Synthetic stories with a question each, made on the spot, in the spirit of bAbI's (Weston and others 2015)."""

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.words import listed, numbered, one_of
from search_spaces.signature import Signature, label, tokens

SEED = 2021
STORIES = 3_000
TEXT_LENGTH = 40
QUESTION_LENGTH = 6
RECENT = 0.3

PEOPLE = listed("mary | john | sandra | daniel")
PLACES = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
MOVES = listed("went to | moved to | walked to | ran back to | travelled to | hurried to")
ASIDES = listed(
    "the dog slept | it began to rain | the phone rang | somebody laughed | the clock struck nine | the lights "
    "went out"
)


def load() -> Dataset:
    random = np.random.RandomState(SEED)
    stories, questions, answers = zip(*(story(random) for _ in range(STORIES)), strict=True)
    text, text_words = numbered(stories, TEXT_LENGTH)
    question, question_words = numbered(questions, QUESTION_LENGTH)
    answer = np.array(answers, dtype=np.int32)
    whole = Part({"text": text, "question": question}, {"answer": answer})
    return Dataset(
        name="made_stories",
        summary=f"Synthetic: where somebody is at the end of a story, {STORIES:,} stories of people who walk through "
        "a house of six rooms, with a question each.",
        source="synthetic, made by search_spaces.datasets.made_stories",
        signature=Signature(
            inputs=(
                tokens("text", TEXT_LENGTH, len(text_words)),
                tokens("question", QUESTION_LENGTH, len(question_words)),
            ),
            outputs=(label("answer", len(PLACES), PLACES),),
        ),
        legend={"text": text_words, "question": question_words},
        **split.stratified(answer, SEED).parts(whole),
    )


def story(random: np.random.RandomState) -> tuple[str, str, int]:
    """Two to five moves, asides between, a question about one of the people, and the number of the place.

    Half of the questions, and more by chance, are about whoever moved last: a model that hears the end of a story gets
    these; the others take a model that holds the story against the question.
    """
    where: dict[str, int] = {}
    said = []
    person = ""
    for _ in range(random.randint(2, 6)):
        person, place = one_of(random, PEOPLE), random.randint(len(PLACES))
        where[person] = place
        said.append(f"{person} {one_of(random, MOVES)} the {PLACES[place]}")
        if random.rand() < 0.25:
            said.append(one_of(random, ASIDES))
    asked = person if random.rand() < RECENT else one_of(random, sorted(where))
    return (
        " ".join(said),
        f"{one_of(random, ('where is', 'in which room is'))} {asked}",
        where[asked],
    )
