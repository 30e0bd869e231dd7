"""Builds the encoder: a sentence-transformers folder, its int8 ONNX twin, and their hashes.

Runs in the Python 3.11 environment; the only place, with the benches, that imports torch.
"""

import io
import json
import shutil
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import manifest
from setup import e5_package
from setup.blocks import in_blocks
from setup.e5_package import Bundle

PIECES = "sentencepiece.model"
Vocabulary = Sequence[tuple[str, float]]  # each piece with its score; its place is its id

# Kept of the vocabulary: Han, Latin, punctuation, digits, emoji. Vectors of Chinese and
# English texts are the same, and 60 % of the memory goes.
KEPT_SCRIPTS = ("CJK", "LATIN", "DIGIT", "FULLWIDTH", "IDEOGRAPHIC", "EMOJI")


def build(folder: Path) -> None:
    """Write the encoder to `folder`, whole or not at all.

    Raises:
        e5_package.PackageUnreadable: the package that carries the weights is not usable.
    """
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "onnx").mkdir(parents=True)
    bundle = e5_package.open_bundle()
    kept = [i for i, piece in enumerate(bundle.pieces) if _keep(piece)]
    _write_weights(draft, bundle, kept)
    vocabulary = [(bundle.pieces[i], float(bundle.scores[i])) for i in kept]
    charsmap = _charsmap()
    _write_pieces(draft, vocabulary, charsmap)
    _write_tokenizer(draft, vocabulary, charsmap)
    _write_configuration(draft, bundle, len(kept))
    _write_whole_onnx(draft)
    manifest.write(draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _keep(piece: str) -> bool:
    return piece in e5_package.SPECIAL or all(_keep_character(c) for c in piece)


def _keep_character(character: str) -> bool:
    if ord(character) < 0x250 or character == "\u2581":
        return True
    if unicodedata.category(character)[0] in "PSNZ":
        return True
    return unicodedata.name(character, "").startswith(KEPT_SCRIPTS)


def _write_weights(folder: Path, bundle: Bundle, kept: list[int]) -> None:
    from safetensors.numpy import save_file

    halves = {
        name: values.astype(np.float16)
        for name, values in e5_package.weights(bundle, kept).items()
    }
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})


def _write_pieces(folder: Path, vocabulary: Vocabulary, charsmap: bytes) -> None:
    """Write how texts are cut for sentencepiece, which takes a fifth of the memory."""
    from sentencepiece.sentencepiece_model_pb2 import ModelProto, NormalizerSpec, TrainerSpec

    piece = ModelProto.SentencePiece
    kinds = dict.fromkeys(e5_package.SPECIAL, piece.CONTROL) | {"<unk>": piece.UNKNOWN}
    ids = {text: new for new, (text, _) in enumerate(vocabulary)}
    model = ModelProto(
        pieces=[
            piece(piece=text, score=score, type=kinds.get(text, piece.NORMAL))
            for text, score in vocabulary
        ],
        trainer_spec=TrainerSpec(
            model_type=TrainerSpec.UNIGRAM,
            vocab_size=len(vocabulary),
            bos_id=ids["<s>"],
            pad_id=ids["<pad>"],
            eos_id=ids["</s>"],
            unk_id=ids["<unk>"],
            unk_piece="<unk>",
        ),
        normalizer_spec=NormalizerSpec(name="nmt_nfkc", precompiled_charsmap=charsmap),
    )
    (folder / PIECES).write_bytes(model.SerializeToString())


def _write_tokenizer(folder: Path, vocabulary: Vocabulary, charsmap: bytes) -> None:
    """Write how texts are cut, as sentence-transformers reads it."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        normalizers,
        pre_tokenizers,
        processors,
    )
    from tokenizers.models import Unigram

    ids = {piece: new for new, (piece, _) in enumerate(vocabulary)}
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=ids["<unk>"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="\u2581", prepend_scheme="always"
    )
    tokenizer.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", ids["<s>"]), ("</s>", ids["</s>"])],
    )
    tokenizer.add_special_tokens(
        [
            AddedToken(piece, normalized=False, special=True, lstrip=piece == "<mask>")
            for piece in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
            if piece in ids
        ]
    )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def _charsmap() -> bytes:
    """Return sentencepiece's nmt_nfkc normalisation, which is compiled into its package."""
    import sentencepiece

    toy = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["ab cd ef gh 你好 世界"] * 20),
        model_writer=toy,
        model_type="char",
        vocab_size=40,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    specification = _protobuf_field(toy.getvalue(), 3)  # ModelProto.normalizer_spec
    return _protobuf_field(specification, 2)  # precompiled_charsmap


def _protobuf_field(message: bytes, wanted: int) -> bytes:
    """Return the first length-delimited field with this number."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            _, at = _varint(message, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            length, at = _varint(message, at)
            if number == wanted:
                return message[at : at + length]
            at += length
    raise KeyError(wanted)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _write_configuration(folder: Path, bundle: Bundle, vocabulary: int) -> None:
    special = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
    }
    files: dict[str, Any] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": bundle.hidden,
            "intermediate_size": bundle.feed_forward,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": bundle.positions,
            "num_attention_heads": bundle.heads,
            "num_hidden_layers": bundle.layers,
            "pad_token_id": bundle.special_ids["pad"],
            "bos_token_id": bundle.special_ids["bos"],
            "eos_token_id": bundle.special_ids["eos"],
            "position_embedding_type": "absolute",
            "tokenizer_class": "PreTrainedTokenizerFast",
            "dtype": "float16",
            "type_vocab_size": bundle.token_types,
            "transformers_version": "4.57.6",  # silences a false warning about a regex
            "vocab_size": vocabulary,
        },
        "special_tokens_map.json": special,
        "tokenizer_config.json": special
        | {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": bundle.positions,
            "clean_up_tokenization_spaces": False,
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "sentence_bert_config.json": {
            "max_seq_length": bundle.positions,
            "do_lower_case": False,
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": _module("Transformer")},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": _module("Pooling")},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": _module("Normalize")},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": bundle.hidden,
            "pooling_mode_mean_tokens": True,
            "include_prompt": True,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: ", "passage": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
    (folder / "2_Normalize").mkdir()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(
            json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8"
        )


def _module(name: str) -> str:
    return f"sentence_transformers.models.{name}"


def _write_whole_onnx(folder: Path) -> None:
    import torch
    from transformers import AutoModel

    write_onnx(
        AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager"),
        folder,
    )


def write_onnx(model: Any, folder: Path) -> None:
    """Write a BERT model as `onnx/model_int8.onnx` in `folder`, its pooling included.

    Its matrices have a scale for every 32 numbers (`setup/blocks.py`), its table of words one
    for all.
    """
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    class Encoder(torch.nn.Module):
        """Tokens in, one L2-normalised mean vector a text out."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model.eval()

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor
        ) -> torch.Tensor:
            states = self.model(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    sample = torch.ones(2, 8, dtype=torch.long)
    whole = folder / "onnx" / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of shapes that cannot vary here
        torch.onnx.export(
            Encoder().eval(),
            (sample, sample),
            str(whole),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={
                "input_ids": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                "sentence_embedding": {0: "texts"},
            },
            opset_version=17,
            dynamo=False,
        )
        in_blocks(whole)
        quantize_dynamic(
            whole,
            folder / "onnx" / "model_int8.onnx",
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Gather"],
        )
    whole.unlink()
