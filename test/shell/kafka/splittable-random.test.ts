/** Java's numbers, as `new SplittableRandom(0)` of OpenJDK 17 gave them. */
import { describe, expect, test } from 'vitest';
import { SplittableRandom } from '../../../engine/shell/kafka/splittable-random.ts';

describe('shell: kafka: splittable random', () => {
  test('numbers are those of Java, for bounds that are powers of two and others', () => {
    const random = new SplittableRandom();
    const of = (count: number, bound: number): number[] =>
      Array.from({ length: count }, () => random.below(bound));
    expect(of(12, 3)).toEqual([1, 1, 0, 0, 1, 1, 2, 0, 1, 0, 1, 2]);
    expect(of(6, 4)).toEqual([1, 1, 0, 2, 0, 0]);
    expect(of(4, 1_500_000_000)).toEqual([391_297_990, 1_477_468_834, 400_302_852, 264_355_739]);
  });
});
