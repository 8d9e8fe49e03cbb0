/** Types for snappyjs, which ships none; only what `snappy.ts` uses. */
declare module 'snappyjs' {
  const snappyjs: {
    /** Raw snappy. */
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default snappyjs;
}
