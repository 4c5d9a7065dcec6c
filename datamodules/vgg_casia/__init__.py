"""VGG-Face, VGGFace2 and CASIA-WebFace: folders of people, their lists, and insightface's records."""
