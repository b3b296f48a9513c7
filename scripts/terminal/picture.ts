const SHADES = [" ", "░", "▒", "▓", "█"];

/** Draws row-major pixels in [0, max] as shaded blocks, two characters a pixel, in a frame. */
export function drawPicture(pixels: readonly number[], width: number, max: number): string {
  const shade = (value: number) => SHADES[Math.round((Math.max(0, Math.min(value, max)) / max) * (SHADES.length - 1))];
  const edge = "─".repeat(width * 2);
  const rows = Array.from({ length: Math.ceil(pixels.length / width) }, (_, row) =>
    pixels
      .slice(row * width, (row + 1) * width)
      .map((value) => shade(value).repeat(2))
      .join(""),
  );
  return [`┌${edge}┐`, ...rows.map((row) => `│${row}│`), `└${edge}┘`].join("\n");
}
