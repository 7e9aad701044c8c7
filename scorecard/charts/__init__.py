"""Pure: figures in, SVG out. No Django, no clock, no network, no words of its own.

Every chart is built once and comes out in two dresses: `inline` for a page, where classes take their colours
from the one stylesheet (light, dark and print), and `standalone` for a download, where each class is spelled
out as presentation attributes. Neither holds a style attribute or a style element, so both pass the strictest
CSP.
"""
