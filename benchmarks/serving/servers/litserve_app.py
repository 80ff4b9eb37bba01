"""The pipeline under LitServe, batched. Runs in LitServe's own environment.

Without annotations on what LitServe reads them from: with them it would check and copy each answer, which
takes longer.
"""
# ruff: noqa: ANN001, ANN201

import sys

import joblib
import litserve


class Sentiment(litserve.LitAPI):
    """Answers with the probabilities of the classes."""

    def setup(self, device):
        """Load the pipeline once per worker."""
        self.pipeline = joblib.load(sys.argv[2])

    def decode_request(self, request):
        """Return the text."""
        return request["text"]

    def batch(self, inputs):
        """Leave the texts a list."""
        return inputs

    def predict(self, x):
        """Score all texts of a batch at once."""
        return self.pipeline.predict_proba(x).tolist()

    def unbatch(self, output):
        """Leave one row per text."""
        return output

    def encode_response(self, output):
        """Return the answer."""
        return {"probabilities": output}


if __name__ == "__main__":
    api = Sentiment(max_batch_size=16, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)
