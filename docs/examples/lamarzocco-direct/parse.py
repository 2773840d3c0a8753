"""What parse.py of lmdirect did, on homewire: read the frames of a file with the key of config.json.

config.json has `filename` and `key`. `homewire decode lamarzocco-direct FILE --key …` does the same.
"""

import json
import sys
from pathlib import Path

from homewire.lamarzocco.direct.decoder import DecodeOptions, decode
from homewire.secrets import Secret

config = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "config.json").read_text())
capture = Path(config["filename"]).read_bytes()
for record in decode(capture, options=DecodeOptions(key=Secret(config["key"]))):
    print(record.index, record.direction, record.summary, record.error or "")
    for field in record.fields:
        print(f"    {field.name} = {field.value} {field.unit or ''}")
