/** The media type of a stored file. */
import { extname } from 'node:path';

const BY_EXTENSION: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.xlsm': 'application/vnd.ms-excel.sheet.macroenabled.12',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
};
const UNKNOWN = 'application/octet-stream';

/**
 * What the server said, without parameters, unless it said nothing useful: then by the name's extension, and `unknown`
 * for one that is not known.
 */
export function mediaTypeOf(contentType: string | undefined, name: string, unknown = UNKNOWN): string {
  const said = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (said !== '' && said !== UNKNOWN && said.length <= 200) return said;
  return BY_EXTENSION[extname(name).toLowerCase()] ?? unknown;
}
