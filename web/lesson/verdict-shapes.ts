/** The shape of each verdict on a claim, in a square of 16. */
import type { ClaimVerdict } from './content.ts';

export const SHAPES: Readonly<Record<ClaimVerdict, string>> = {
  holds: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1M4.8 8.2l2.3 2.3 4.2-4.6',
  oversimplified: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1M4 6.5q2-2 4 0t4 0M4 10q2-2 4 0t4 0',
  'version-dependent': 'M4 2v12M4 9c0-3 8-1 8-5M12 2a1 1 0 1 0 0 4 1 1 0 0 0 0-4',
  outdated: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1M8 4v4.4l3 1.8',
  wrong: 'M2 2h12v12H2zM5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6',
};
