/** The typed API client, over the same declarations as the server. Runs in browsers and Node. */
export * from './client.ts';
export { PATIENT, type Patience } from './patience.ts';
export * from './sse.ts';
