/** Bounds of the tunnel protocol v1. Both ends enforce them; `welcome` tells the agent the server's. */

/** The WebSocket subprotocol of version 1. */
export const SUBPROTOCOL = 'casare.tunnel.v1';
/** The largest text or binary frame an agent may send, bytes. A larger one ends the session. */
export const AGENT_FRAME_BYTES = 1_048_576;
/** The largest frame the control plane may send, bytes (`job.assign` carries document, input and journal). */
export const SERVER_FRAME_BYTES = 16_777_216;
/** The largest payload of one artifact chunk, bytes. */
export const CHUNK_BYTES = 65_536;
/** Unacknowledged bytes one artifact stream may have under way. */
export const STREAM_CREDIT_BYTES = 1_048_576;
/** Artifact streams one tunnel may have open at once. */
export const STREAMS_PER_TUNNEL = 8;
/** Events in one `run.events` message. */
export const EVENTS_PER_MESSAGE = 200;
/** A step's recorded output, bytes of JSON. A larger one fails the step and says to write a file instead. */
export const OUTPUT_BYTES = 262_144;
/** The largest artifact, bytes. */
export const ARTIFACT_BYTES = 2_147_483_648;
/** Runs one agent may report in `hello`. */
export const RUNS_PER_AGENT = 256;
/** Roots of a bundle: those of a rotation, and room for those of one that was rolled back. */
export const ROOTS_PER_BUNDLE = 10;
/** Interval of the agent's pings, milliseconds. */
export const PING_MS = 15_000;
/** Either end gives a tunnel up after this silence, milliseconds. */
export const DEAD_MS = 45_000;
/** A lease's length from the moment the renewing ping was SENT, on the agent's monotonic clock, milliseconds. */
export const LEASE_MS = 60_000;
/** The agent stops this much before its lease ends; the server waits this much longer, milliseconds. */
export const LEASE_MARGIN_MS = 5_000;
