/**
 * Carriers: an ordinary WebSocket to the web's address that brings the bytes of a TLS connection, end to end, past
 * balancers and proxies that end TLS themselves. Binary frames, cut anywhere; whoever runs the outer connection sees
 * and may change nothing but the bytes of TLS.
 */

/** The WebSocket subprotocol of version 1. */
export const CARRIER_SUBPROTOCOL = 'casare.carrier.v1';
/** Where each service's carriers are asked for, below the web's public address. */
export const CARRIER_PATHS = { tunnel: '/carrier/tunnel', enrol: '/carrier/enrol' } as const;
export type CarrierKind = keyof typeof CARRIER_PATHS;
/** The largest frame in either direction, bytes. A larger one ends the carrier. */
export const CARRIER_FRAME_BYTES = 262_144;
