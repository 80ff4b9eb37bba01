"""A Transformer in memory, run by onnxruntime on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from opinionlens.base.artifact_limits import plain_file_size
from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.onnx.graph_check import check_graph
from opinionlens.features.calibration import FloatArray

MAX_MODEL_BYTES = 600_000_000
# Of one run. More would take the cores away from the answers of other models, and from other processes.
THREADS = 2
# It chooses one scale for all numbers of a batch (dynamic quantization).
_OF_A_BATCH = "DynamicQuantizeLinear"
_IDS, _MASK, _SEGMENTS = "input_ids", "attention_mask", "token_type_ids"


class OnnxSession:
    """A loaded model: from pieces of texts to decision values.

    It may be called from several threads at once.

    Attributes:
        classes: the number of its decision values for a text.
        mixes_texts: whether the answer for a text depends on those that share its batch.
    """

    def __init__(self, content: bytes, classes: int, threads: int = THREADS) -> None:
        """Check the file's content and load it.

        From memory, so that the runtime knows no folder in which it could look for more.

        Raises:
            ArtifactUnsupported: it is more than a plain graph, or has other inputs or outputs than ours.
        """
        self.mixes_texts = _OF_A_BATCH in check_graph(content)
        self._session = _loaded(content, threads)
        self._inputs = [one.name for one in self._session.get_inputs()]
        if not {_IDS, _MASK} <= set(self._inputs) <= {_IDS, _MASK, _SEGMENTS}:
            raise ArtifactUnsupported(f"The ONNX model has other inputs: {', '.join(self._inputs)[:200]}.")
        self.classes = classes

    def decision_values(self, pieces: Sequence[Sequence[int]], padding: int) -> FloatArray:
        """Return decision values (n, k) of texts of similar length.

        Args:
            pieces: the numbers of each text's pieces; one at least.
            padding: the number that fills up the shorter ones.

        Raises:
            ArtifactUnsupported: the model cannot answer, or with another number of classes.
        """
        feeds = _feeds(pieces, padding)
        try:
            (values, *_) = self._session.run(None, {name: feeds[name] for name in self._inputs})
        except Exception as error:  # its graph came from a file; whatever is wrong with it shows here
            raise ArtifactUnsupported(f"The ONNX model cannot answer: {error}.") from error
        decisions = np.asarray(values, dtype=np.float64)
        if decisions.shape != (len(pieces), self.classes):
            raise ArtifactUnsupported(
                f"The ONNX model answers with the shape {decisions.shape}, not {(len(pieces), self.classes)}."
            )
        return decisions


def read_model_bytes(path: Path) -> bytes:
    """Return the file of an ONNX model.

    Raises:
        ArtifactUnsupported: it is too large; nothing was read.
    """
    if (plain_file_size(path) or 0) > MAX_MODEL_BYTES:
        raise ArtifactUnsupported(f"The ONNX model is larger than {MAX_MODEL_BYTES:,} bytes.")
    return path.read_bytes()


def _loaded(content: bytes, threads: int) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; they are raised as well
    # A thread that waits for work would otherwise do so at full speed.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena never gives memory back that a long batch has needed once.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no class in common
        raise ArtifactUnsupported(f"The ONNX model cannot be loaded: {error}.") from error


def _feeds(pieces: Sequence[Sequence[int]], padding: int) -> dict[str, Any]:
    longest = max(map(len, pieces))
    ids = np.full((len(pieces), longest), padding, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, numbers in enumerate(pieces):
        ids[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    return {_IDS: ids, _MASK: mask, _SEGMENTS: np.zeros_like(ids)}
