// What a page shows of the focus. Style sheets decide; these read what came of them.

const drawn = (element) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(element);
    return [outlineStyle === "none" ? "" : outlineStyle + outlineWidth + outlineColor, boxShadow].join();
};
// Of a picture's part, what is drawn of it may be marked in its place.
const parts = (element) => [element, ...(element.ownerSVGElement ? element.children : [])];
const ring = (element) => parts(element).map(drawn).join();

// Where the focus is, and what looks now, without it, as it did with it.
function stop() {
    const now = document.activeElement, before = window.stopBefore;
    const unmarked = before && before.element.isConnected && before.element !== now && ring(before.element) === before.ring;
    const { top, right, bottom, left } = now.getBoundingClientRect();
    const told = `${now.computedRole || now.nodeName} "${now.computedName}"`;
    window.stopBefore = now === document.body ? null : { element: now, ring: ring(now), told };
    return {
        name: now.computedName,
        told,
        unmarked: unmarked ? before.told : "",
        none: now === document.body,
        away: bottom <= 0 || right <= 0 || top >= innerHeight || left >= innerWidth,
    };
}

const light = (colour) => {
    const [red, green, blue] = colour.match(/[\d.]+/g).map((each) => {
        const share = each / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
};
const ground = (element) => {
    const colour = element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
    return colour === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : colour;
};
// As WCAG 2 has it, of an outline and what is behind it.
const contrast = (element) => {
    const outlines = parts(element).map((part) => getComputedStyle(part)).filter((style) => style.outlineStyle !== "none");
    const behind = light(ground(element.parentElement));
    return Math.max(...outlines.map(({ outlineColor }) => {
        const colour = light(outlineColor);
        return Math.max(colour, behind) / Math.min(colour, behind);
    }));
};

// Of all that keys can reach, what does not show that it has the focus, or hardly.
function hardlyMarked() {
    const faults = [];
    for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")) {
        document.activeElement.blur();
        const before = ring(element);
        element.focus({ preventScroll: true });
        if (document.activeElement !== element) continue;
        const told = element.outerHTML.slice(0, 120);
        if (ring(element) === before) faults.push(`${told}: nothing`);
        else if (contrast(element) < 3) faults.push(`${told}: contrast ${contrast(element)}`);
    }
    return faults.slice(0, 5);
}
