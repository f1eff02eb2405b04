import gzip
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.tokenizer import ClipTokenizer

TRICKY = [
    "", " ", "\t\n", "a", "A", "é", "e\u0301", "Å ÅNGSTRÖM", "ﬁne ligature", "ﬀ", "½ ¼ ²", "１２３", "Ⅷ",
    "don't can't we've I'm they'll he'd it's", "DON'T", "'s 's's", "it\u2019s", "“quoted” ‘text’", "…", "—–-",
    "&amp;amp; &lt;tag&gt; &eacute; &#233; &#x41; &nbsp;x", "&amp;lt;start_of_text&gt;",
    "<start_of_text> a <end_of_text>", "<START_OF_TEXT>", "<\u017ftart_of_text>", "'\u017f", "\u212a kelvin",
    "schÃ¶n broken", "voilÃ\u00a0", "ÃƒÂ©",
    "日本語のテキスト", "飞机跑道上的行李箱", "한국어", "عربى نص", "हिन्दी",
    "😀 👩\u200d✈\ufe0f 🇩🇪", "\u200b\ufeffzero", "a\u00a0b\u2003c", "x" * 500, "ab" * 300, "1234567890" * 20,
    "photo of a fuel-truck, 3 wheel_chocks & 2 cones!!!", "C++ / C# (v1.2.3) @ 50% — $9.99",
    "İstanbul ISPARTA ı",
    "ß ẞ STRASSE", "ǅ ǆ", "a\x00b\x1f", "\u0130", "Ωmega Ω", "word\u00ad\u00adsoft", "e\u0301\u0301\u0301",
]  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    pytest.importorskip("torch", reason="open_clip's tokenizer needs torch")
    from clipomaly_ros.model.torchvision_operators import import_open_clip

    return import_open_clip().tokenizer.SimpleTokenizer()


@pytest.fixture(scope="module")
def tokenizer(tiny_bundle):
    return ClipTokenizer(tiny_bundle.read("vocabulary.txt.gz"))


def assert_equal(tokenizer, reference, prompts):
    found, expected = tokenizer.tokenise(prompts), reference(prompts).numpy()
    wrong = [prompt for prompt, a, b in zip(prompts, found, expected, strict=True) if (a != b).any()]
    assert not wrong, wrong[:5]
    assert found.dtype == np.int64


def test_tricky_prompts_equal_open_clip(tokenizer, reference):
    assert_equal(tokenizer, reference, TRICKY)
    assert tokenizer.size == reference.vocab_size == 49408


def test_thousands_of_prompts_equal_open_clip(tokenizer, reference):
    rng = random.Random(0)  # noqa: S311
    merges = [tokens for tokens in reference.encoder if tokens.isascii()]
    words = [token.replace("</w>", "") for token in rng.sample(merges, 6000)]
    ranges = (
        (0x20, 0x7F),
        (0xA0, 0x250),
        (0x370, 0x590),
        (0x2000, 0x2BFF),
        (0x4E00, 0x9FFF),
        (0x1F300, 0x1FAFF),
    )
    prompts = [f"a photo of a {word}." for word in words[:2000]]
    for _ in range(1500):
        parts = rng.choices(words, k=rng.randint(1, 30))
        prompts.append(rng.choice((" ", "", "-", "'s ", "\n")).join(parts))
    for _ in range(1500):
        low, high = rng.choice(ranges)
        prompts.append("".join(chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 60))))
    prompts += [
        "".join(rng.choice((rng.choice(TRICKY), rng.choice(words), " ")) for _ in range(5))
        for _ in range(500)
    ]
    assert_equal(tokenizer, reference, prompts)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
def test_any_text_equals_open_clip(tokenizer, reference, text):
    assert_equal(tokenizer, reference, [text])


def test_long_prompts_are_cut_and_still_end(tiny_bundle, reference):
    for length in (2, 8, 77):
        short = ClipTokenizer(tiny_bundle.read("vocabulary.txt.gz"), length)
        found = short.tokenise(["one two three four five six seven eight nine ten " * 20])
        np.testing.assert_array_equal(
            found, reference(["one two three four five six seven eight nine ten " * 20], length)
        )
        assert found[0, -1] == 49407


def test_wrong_prompts_are_refused(tokenizer):
    assert tokenizer.tokenise([]).shape == (0, 77)
    for wrong in ("a photo", ["a", None], [1]):
        with pytest.raises(BundleError, match="sequence of texts"):
            tokenizer.tokenise(wrong)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain text",
        gzip.compress(b"#version\na b\n"),
        gzip.compress(b"\xff\xfe"),
        gzip.compress(b"x y\n" * 50000)[:-20],
    ],
)
def test_damaged_vocabulary_is_refused(content):
    with pytest.raises(BundleError, match="tokenizer vocabulary"):
        ClipTokenizer(content)
