/**
 * Where messages go in the picture: a curve between two cards, across the gap between them or
 * round them through the gutter beside the column, and points along it.
 */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

type Point = readonly [x: number, y: number];
/** A cubic curve: its ends and the two points that pull it. */
export type Way = readonly [Point, Point, Point, Point];

/** Pixels between a request's way and its reply's. */
const APART = 5;
const GUTTER_MIN = 12;

/**
 * @param side the gutter to take where one card is above the other
 * @param width of the picture: no way leaves it
 */
export function wayBetween(from: Box, to: Box, side: 'left' | 'right', width: number): Way {
  const [fromY, toY] = [middle(from), middle(to)];
  const down = toY > fromY || (toY === fromY && from.left < to.left);
  const apart = down ? -APART : APART;
  if (from.right <= to.left) return across(from.right, fromY + apart, to.left, toY + apart);
  if (to.right <= from.left) return across(from.left, fromY + apart, to.right, toY + apart);
  const far = GUTTER_MIN + Math.abs(toY - fromY) / 7;
  if (side === 'left') {
    const out = Math.max(Math.min(from.left, to.left) - far, 2) + apart;
    const startY = fromY + apart;
    return [
      [from.left, startY],
      [out, startY],
      [out, toY + apart],
      [to.left, toY + apart],
    ];
  }
  const out = Math.min(Math.max(from.right, to.right) + far, width - 2) + apart;
  return [
    [from.right, fromY + apart],
    [out, fromY + apart],
    [out, toY + apart],
    [to.right, toY + apart],
  ];
}

function across(fromX: number, fromY: number, toX: number, toY: number): Way {
  const bend = (toX - fromX) / 2;
  return [
    [fromX, fromY],
    [fromX + bend, fromY],
    [toX - bend, toY],
    [toX, toY],
  ];
}

/** The point between the middles of two cards. */
export function middleOf(one: Box, other: Box): Point {
  const x = (one.left + one.right + other.left + other.right) / 4;
  return [x, (middle(one) + middle(other)) / 2];
}

const middle = (box: Box): number => (box.top + box.bottom) / 2;

/** The point at a part of the way, from 0 to 1. */
export function pointOn(way: Way, part: number): Point {
  const rest = 1 - part;
  const [start, one, other, end] = way;
  const [a, b, c, d] = [rest ** 3, 3 * part * rest ** 2, 3 * part ** 2 * rest, part ** 3];
  return [
    a * start[0] + b * one[0] + c * other[0] + d * end[0],
    a * start[1] + b * one[1] + c * other[1] + d * end[1],
  ];
}

/** The way as the `d` of a path. */
export function pathOf([start, one, other, end]: Way): string {
  return `M${start.join(' ')}C${one.join(' ')} ${other.join(' ')} ${end.join(' ')}`;
}
