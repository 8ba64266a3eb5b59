/**
 * As what a file of a run is sent. Its agent said a media type when it announced the file; the answer's Content-Type is
 * decided by that alone, never by looking at the bytes. What a browser would run or render with links and scripts (HTML,
 * SVG, XML, scripts, styles) is in no row here: it leaves as bytes.
 */
const SERVED: ReadonlySet<string> = new Set([
  ...['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/bmp', 'image/tiff'],
  ...['text/plain', 'text/csv', 'text/tab-separated-values'],
  ...['application/json', 'application/jsonl', 'application/x-ndjson', 'application/yaml'],
  ...['application/pdf', 'application/rtf', 'message/rfc822'],
  ...['application/zip', 'application/gzip', 'application/x-tar', 'application/x-7z-compressed'],
  ...['application/msword', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
  ...['audio/mpeg', 'audio/wav', 'video/mp4', 'video/webm'],
]);

const BYTES = 'application/octet-stream';

/** `declared` may have parameters; they do not leave. */
export function servedType(declared: string): string {
  const plain = declared.split(';', 1)[0]!.trim().toLowerCase();
  return SERVED.has(plain) ? plain : BYTES;
}
