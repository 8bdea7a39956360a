"""Generator records: what ComfyUI and AUTOMATIC1111 (and its kin) leave in a picture's file."""

from rakkan.manifests.generator.read import read_generation
from rakkan.manifests.generator.record import GeneratorRecord
from rakkan.manifests.generator.secrets import SecretFinding, secrets_in

__all__ = ["GeneratorRecord", "SecretFinding", "read_generation", "secrets_in"]
