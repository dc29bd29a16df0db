import pytest

from sayso.stt.ondevice.decoding.loading import devices_to_try, thread_count
from sayso.stt.ondevice.decoding.whisper import CPU, Device

CARDS = {
    "no card": (0, {"float16"}, (CPU,)),
    "a card": (1, {"float32", "int8", "float16"}, (Device("cuda", "float16"), CPU)),
    "an old card": (1, {"float32", "int8"}, (Device("cuda", "int8"), CPU)),
    "a card without any usable type": (1, set(), (CPU,)),
}


@pytest.mark.parametrize(("cards", "types", "devices"), CARDS.values(), ids=CARDS)
def test_the_processor_is_the_last_device(cards, types, devices):
    assert devices_to_try(cards, types) == devices


@pytest.mark.parametrize(
    ("processors", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (7, 3), (8, 4), (64, 4)]
)
def test_two_decodes_leave_no_processor_overloaded(processors, threads):
    assert thread_count(processors) == threads
