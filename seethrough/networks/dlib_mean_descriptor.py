"""The mean descriptor of dlib's recognition network over people, which makes cosines of its descriptors meaningful.

The network was trained on Euclidean distances and its descriptors share a large common part: the cosine between two
strangers is 0.84. Without that part it is -0.02 +- 0.19, and 0.78 between two photos of one person, much like an
ArcFace embedding. Measured on, and averaged over, 48 people (first averaged for each person) in the 167 faces that
dlib's detector finds in the example and test pictures of two public projects, ageitgey/face_recognition and
serengil/deepface. Two disjoint halves of these people give means 0.15 apart, where a person is 0.6 from the mean.
"""

# fmt: off
MEAN_DESCRIPTOR = (
    -0.0846, 0.0884, 0.0706, -0.0428, -0.1025, -0.0138, -0.0225, -0.0942, 0.1644, -0.0698, 0.1892, -0.0311,
    -0.2332, -0.0256, -0.0206, 0.1262, -0.1523, -0.1237, -0.0760, -0.0601, 0.0433, 0.0392, 0.0352, 0.0579,
    -0.1554, -0.3213, -0.0811, -0.0836, 0.0353, -0.1017, 0.0036, 0.0791, -0.1761, -0.0350, 0.0236, 0.0805,
    -0.0521, -0.0806, 0.1861, 0.0337, -0.1842, -0.0029, 0.0356, 0.2676, 0.1953, 0.0261, 0.0392, -0.0706,
    0.1102, -0.2740, 0.0601, 0.1560, 0.0753, 0.0631, 0.0921, -0.1625, 0.0183, 0.1183, -0.1958, 0.0806,
    0.0654, -0.0771, -0.0116, -0.0593, 0.1827, 0.1022, -0.1018, -0.1371, 0.1675, -0.1618, -0.0553, 0.0905,
    -0.1098, -0.1830, -0.2738, 0.0157, 0.3791, 0.1451, -0.1633, 0.0226, -0.0767, -0.0159, 0.0408, 0.0806,
    -0.0425, -0.0258, -0.0968, 0.0271, 0.2015, -0.0214, -0.0257, 0.2433, 0.0135, -0.0106, 0.0227, 0.0433,
    -0.1132, 0.0011, -0.1153, -0.0159, 0.0099, -0.0706, -0.0072, 0.1037, -0.1911, 0.1677, -0.0172, -0.0288,
    -0.0250, -0.0220, -0.1088, -0.0097, 0.1630, -0.2861, 0.1862, 0.1806, 0.0237, 0.1351, 0.0389, 0.0657,
    0.0105, -0.0345, -0.1419, -0.0818, 0.0308, -0.0431, 0.0013, 0.0370,
)
# fmt: on
