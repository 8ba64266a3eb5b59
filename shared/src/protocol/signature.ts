/** The signature of a workflow as it travels: a DSSE envelope, JSON. `certs` makes and judges it. */
import { z } from 'zod';

/** The payload is a statement of digests, not the document: small. */
const PAYLOAD = 262_144;
const base64 = (length: number) =>
  z
    .string()
    .min(1)
    .max(length)
    .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, 'expected base64');

export const SignatureEnvelope = z
  .object({
    payloadType: z.string().min(1).max(200),
    payload: base64(PAYLOAD),
    signatures: z
      .array(z.object({ keyid: z.string().max(200).optional(), sig: base64(4_096) }))
      .min(1)
      .max(10),
  })
  .meta({ id: 'SignatureEnvelope' });
export type SignatureEnvelope = z.infer<typeof SignatureEnvelope>;
