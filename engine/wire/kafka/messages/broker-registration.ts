/**
 * BrokerRegistration (key 62): a broker that starts tells the controller who it is and gets its
 * broker epoch: an offset of the metadata log (KIP-631).
 *
 * Version 2 has the log directories (KIP-858), 3 the epoch before this start, by which a clean
 * shutdown is known (KIP-966), 4 allows features whose lowest level is 0.
 */
import { api } from '../api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uuid,
  type DataOf,
} from '../schema.ts';

export const brokerRegistrationRequest = struct('BrokerRegistrationRequest', {
  brokerId: int32(),
  clusterId: string(),
  incarnationId: uuid({ about: 'A fresh id of this start: a repeated request is known by it.' }),
  listeners: array({
    name: string(),
    host: string(),
    port: uint16(),
    securityProtocol: int16(),
  }),
  features: array({
    name: string(),
    minSupportedVersion: int16(),
    maxSupportedVersion: int16(),
  }),
  rack: string({ nullable: true }),
  isMigratingZkBroker: bool({ since: 1 }),
  logDirs: array(uuid(), { since: 2 }),
  previousBrokerEpoch: int64({
    since: 3,
    default: -1,
    about: 'From the clean shutdown file; -1 after an unclean stop.',
  }),
});
export type BrokerRegistrationRequest = DataOf<typeof brokerRegistrationRequest>;

export const brokerRegistrationResponse = struct('BrokerRegistrationResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  brokerEpoch: int64({ default: -1 }),
});
export type BrokerRegistrationResponse = DataOf<typeof brokerRegistrationResponse>;

export const brokerRegistration = api({
  key: 62,
  name: 'BrokerRegistration',
  versions: [0, 4],
  flexible: 0,
  request: brokerRegistrationRequest,
  response: brokerRegistrationResponse,
});
