/** For tests: DER written by hand, also such as no tool would write. */

/** One element: tag, length, content. */
export function tagged(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : body.length < 0x1_00
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

export const sequence = (...content: Uint8Array[]): Buffer => tagged(0x30, ...content);
export const integer = (value: number): Buffer => tagged(0x02, Buffer.from([value]));
export const bitString = (bytes: Uint8Array): Buffer => tagged(0x03, Buffer.from([0]), bytes);
/** An object identifier by its content, as hex or bytes. */
export const oid = (content: string | Uint8Array): Buffer =>
  tagged(0x06, typeof content === 'string' ? Buffer.from(content, 'hex') : content);
