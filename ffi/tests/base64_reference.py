#!/usr/bin/env python3
"""Random junk through Python's own decoder, for comparison with ours.

  base64_reference.py make COUNT SEED   texts, each with its size as a little-endian u32 before it
  base64_reference.py decode            from these, a line each: the bytes in hexadecimal or the error's text
"""
import base64, random, struct, sys

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def junk(rng):
    """Mostly long clean runs, as these take the fast paths, with a few odd characters and paddings in between."""
    text = bytearray()
    for _ in range(rng.randrange(6)):
        text += bytes(rng.choices(ALPHABET, k=rng.choice((0, 1, 2, 3, 4, 5, 8, 13, 40, 90, 250))))
        text += bytes(rng.choices(b"====\n -_!\x00~", k=rng.randrange(4)))
    if rng.random() < 0.05:
        text.insert(rng.randrange(len(text) + 1), rng.randrange(128, 256))
    return bytes(text)


def decoded(text):
    try:
        # What the first vault did: a str, which b64decode() wants to be ASCII, not validated.
        return base64.b64decode(text.decode("latin-1")).hex()
    except ValueError as error:
        return str(error)


if sys.argv[1] == "make":
    rng = random.Random(int(sys.argv[3]))
    for _ in range(int(sys.argv[2])):
        text = junk(rng)
        sys.stdout.buffer.write(struct.pack("<I", len(text)) + text)
else:
    texts, at = sys.stdin.buffer.read(), 0
    while at < len(texts):
        (size,) = struct.unpack_from("<I", texts, at)
        print(decoded(texts[at + 4:at + 4 + size]))
        at += 4 + size
