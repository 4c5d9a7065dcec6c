"""SynOcc as ordinary files: pictures, masks, landmarks and truth, with a checksum of each."""
