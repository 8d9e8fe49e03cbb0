/**
 * Installs gzip for an experiment about compression. Imported for what it does: the other codecs
 * (`bytes/codecs.ts`) would weigh on its page for no further point.
 */
import { installCodec } from '../bytes/compression.ts';
import { compressGzip, decompressGzip } from '../bytes/gzip.ts';

installCodec('gzip', { compress: compressGzip, decompress: decompressGzip });
