/**
 * Envelope (key 58): a client's request as bytes, with the client's principal and address, which a
 * broker passes on to the active controller (KIP-590).
 */
import { api } from '../api.ts';
import { bytes, int16, struct } from '../schema.ts';

export const envelopeRequest = struct('EnvelopeRequest', {
  requestData: bytes({ about: 'Header and body of the request, without the size.' }),
  requestPrincipal: bytes({ nullable: true }),
  clientHostAddress: bytes(),
});

export const envelopeResponse = struct('EnvelopeResponse', {
  responseData: bytes({ nullable: true, default: null }),
  errorCode: int16(),
});

export const envelope = api({
  key: 58,
  name: 'Envelope',
  versions: [0, 0],
  flexible: 0,
  request: envelopeRequest,
  response: envelopeResponse,
});
