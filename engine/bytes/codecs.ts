/**
 * Installs Kafka's four codecs. Imported for what it does by whoever may meet a compressed batch:
 * the command, the server, and experiments about compression.
 */
import { installCodec } from './compression.ts';
import { compressGzip, decompressGzip } from './gzip.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';
import { decompressZstd, storeZstd } from './zstd.ts';

installCodec('gzip', { compress: compressGzip, decompress: decompressGzip });
installCodec('snappy', { compress: compressSnappy, decompress: decompressSnappy });
installCodec('lz4', { compress: compressLz4, decompress: decompressLz4 });
installCodec('zstd', { compress: storeZstd, decompress: decompressZstd });
