/** Names for fields that nobody has named: by the label that stands beside or above them, as a person reads them. */
import type { Box } from './desktop-driver.ts';

/** Farthest from a label to its field, pixels. */
const BESIDE = 300;
const ABOVE = 30;
/** How far a label may reach into its field, pixels. */
const OVERLAP = 2;

export interface Placed {
  readonly name: string;
  readonly box: Box;
}

/** The text of the label that names a field: the nearest to its left in the same line, else the nearest above it. */
export function labelFor(field: Box, labels: readonly Placed[]): string | null {
  const beside = nearest(labels, ({ box }) => {
    const distance = field.x - (box.x + box.width);
    return isInLine(field, box) && distance >= -OVERLAP && distance <= BESIDE ? distance : null;
  });
  if (beside !== null) return textOf(beside);
  const above = nearest(labels, ({ box }) => {
    const distance = field.y - (box.y + box.height);
    const isOver = box.x < field.x + field.width && box.x + box.width > field.x;
    return isOver && distance >= -OVERLAP && distance <= ABOVE ? distance : null;
  });
  return above === null ? null : textOf(above);
}

/** Their middles are on the same height, more or less. */
function isInLine(field: Box, label: Box): boolean {
  const middle = label.y + label.height / 2;
  return middle >= field.y && middle <= field.y + field.height;
}

function nearest(labels: readonly Placed[], distanceOf: (label: Placed) => number | null): Placed | null {
  let best: { label: Placed; distance: number } | null = null;
  for (const label of labels) {
    const distance = distanceOf(label);
    if (distance !== null && (best === null || distance < best.distance)) best = { label, distance };
  }
  return best?.label ?? null;
}

function textOf({ name }: Placed): string {
  return name.trim().replace(/\s*[:*]+$/, '');
}
