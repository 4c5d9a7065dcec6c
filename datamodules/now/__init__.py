"""The NoW challenge: photos of people whose faces were scanned."""
