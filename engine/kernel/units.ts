/**
 * The quantities of the engine, as branded types: a number of microseconds cannot be passed where
 * milliseconds are meant. A brand exists for the compiler only; at run time these are numbers.
 *
 * Not here: the limits on these quantities (`limits.ts`) and their costs (`costs.ts`).
 */

declare const brand: unique symbol;
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A point in, or a length of, virtual time: whole microseconds since the world began. */
export type Micros = Brand<number, 'Micros'>;
/** Wall-clock time as records carry it: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Millis = Brand<number, 'Millis'>;

export const micros = (value: number): Micros => value as Micros;
export const millis = (value: number): Millis => value as Millis;

/** Microseconds of a number of milliseconds, as timers and link delays want them. */
export const microsOfMillis = (value: number): Micros => (value * 1000) as Micros;

/** A probability as two whole numbers: `ratio(1, 100)` is one in a hundred. Never a float. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

export const ratio = (numerator: number, denominator: number): Ratio => ({
  numerator,
  denominator,
});

export const NEVER: Ratio = ratio(0, 1);
