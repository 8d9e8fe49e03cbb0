/**
 * DescribeLogDirs (key 35): the log directories of a broker, and how many bytes each replica has in
 * them (KIP-113, KIP-827).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const describeLogDirsRequest = struct('DescribeLogDirsRequest', {
  topics: array(
    { topic: string(), partitions: array(int32()) },
    { nullable: true, default: null, about: 'Null for all.' },
  ),
});
export type DescribeLogDirsRequest = DataOf<typeof describeLogDirsRequest>;

export const describeLogDirsResponse = struct('DescribeLogDirsResponse', {
  throttleTimeMs: int32(),
  errorCode: int16({ since: 3 }),
  results: array({
    errorCode: int16(),
    logDir: string({ about: 'Its absolute path.' }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        partitionSize: int64({ about: 'Bytes of the log segments.' }),
        offsetLag: int64({ about: 'How far the end is behind the high watermark; 0 if not.' }),
        isFutureKey: bool({ about: 'It is to replace a replica of another directory.' }),
      }),
    }),
    totalBytes: int64({ since: 4, default: -1 }),
    usableBytes: int64({ since: 4, default: -1 }),
  }),
});
export type DescribeLogDirsResponse = DataOf<typeof describeLogDirsResponse>;

export const describeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 4],
  flexible: 2,
  request: describeLogDirsRequest,
  response: describeLogDirsResponse,
});
