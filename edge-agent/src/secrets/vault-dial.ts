/**
 * Requests to a Vault, by Node's own client: a connection each, verified by the CA file where there is one and by the system's
 * authorities otherwise, no redirects, at most a megabyte of answer. Without TLS only on this machine, where Vault Agent may listen.
 */
import http from 'node:http';
import https from 'node:https';
import type { VaultReply, VaultSend } from '@casare/shared/vault';
import { readPem } from './private-file.ts';

const ANSWER_BYTES = 1_048_576;
const HEAD_BYTES = 65_536;

export interface VaultDial {
  readonly address: string;
  readonly caFile?: string | undefined;
  /** The certificate that this agent shows; read at each connection. */
  readonly client?: { readonly certFile: string; readonly keyFile: string } | undefined;
}

export function dialVault({ address, caFile, client }: VaultDial): VaultSend {
  return async ({ method, path, headers, body, signal }) => {
    const url = new URL(address);
    // Of a path below which Vault is served.
    const target = new URL(url.pathname.replace(/\/$/, '') + path, url);
    const options = {
      ...{ method, signal, agent: false, maxHeaderSize: HEAD_BYTES },
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body ?? '')) },
    };
    if (target.protocol === 'http:') return exchange(http.request(target, options), body);
    const trust = {
      minVersion: 'TLSv1.2' as const,
      ...(caFile === undefined ? {} : { ca: await readPem(caFile, false) }),
      ...(client === undefined
        ? {}
        : { cert: await readPem(client.certFile, false), key: await readPem(client.keyFile, true) }),
    };
    return exchange(https.request(target, { ...options, ...trust }), body);
  };
}

async function exchange(request: http.ClientRequest, body: string | undefined): Promise<VaultReply> {
  const answer = Promise.withResolvers<http.IncomingMessage>();
  request.once('response', answer.resolve);
  request.once('error', answer.reject);
  request.end(body);
  try {
    const response = await answer.promise;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES) throw new Error(`it answers with more than ${ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
  } finally {
    // One that is ended early may complain, and nobody listens any more.
    request.on('error', () => undefined).destroy();
  }
}
