/**
 * Writes a PDF 1.4 file of one A4 page with text and lines, by hand: no dependency, no compression, no clock, so the
 * same content always gives the same bytes. Text is set in Helvetica, which every viewer carries, and encoded as
 * WinAnsi; a character WinAnsi lacks is printed as a question mark.
 */

/** Text at a point; the origin is the lower left corner of the page, in points (1/72 inch). */
export interface PdfText {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly bold?: boolean;
  /** With `right`, `x` is where the text ends: for figures only, see `figureWidth`. */
  readonly align?: 'left' | 'right';
}

/** A thin horizontal line. */
export interface PdfRule {
  readonly rule: true;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export type PdfItem = PdfText | PdfRule;

/** What the document says about itself. */
export interface PdfInfo {
  readonly title: string;
  readonly author: string;
  /** `YYYY-MM-DD` */
  readonly created: string;
}

export const PAGE = { width: 595, height: 842 };

/** The bytes of a one-page PDF with these items. */
export function writePdf(info: PdfInfo, items: readonly PdfItem[]): Buffer {
  const content = items.map(drawing).join('\n');
  const fonts = '/Font << /F1 5 0 R /F2 6 0 R >>';
  const created = `D:${info.created.replaceAll('-', '')}000000Z`;
  return assemble([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Resources << ${fonts} >> /Contents 4 0 R >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>',
    `<< /Title ${literal(info.title)} /Author ${literal(info.author)} /CreationDate (${created}) >>`,
  ]);
}

function drawing(item: PdfItem): string {
  if ('rule' in item) return `0.5 w ${item.x} ${item.y} m ${item.x + item.width} ${item.y} l S`;
  const x = item.align === 'right' ? item.x - figureWidth(item.text) * item.size : item.x;
  const font = item.bold === true ? 'F2' : 'F1';
  return `BT /${font} ${item.size} Tf 1 0 0 1 ${Number(x.toFixed(2))} ${item.y} Tm ${literal(item.text)} Tj ET`;
}

/** Numbers the objects from 1 (the catalogue first, the info last) and adds header, cross-reference table and trailer. */
function assemble(objects: readonly string[]): Buffer {
  let file = '%PDF-1.4\n';
  const offsets: number[] = [];
  objects.forEach((object, index) => {
    offsets.push(file.length);
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
  });
  const start = file.length;
  // Every entry has exactly 20 bytes, the space before the newline included (PDF 32000-1, 7.5.4).
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  file += `xref\n0 ${size}\n0000000000 65535 f \n${entries}`;
  file += `trailer\n<< /Size ${size} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

/** The WinAnsi codes of characters that are not at their Unicode place. */
const WIN_ANSI: Readonly<Record<string, number>> = { '€': 0x80, '–': 0x96, '—': 0x97 };

/** A PDF string literal: pure ASCII, everything else as an octal escape. */
function literal(text: string): string {
  let out = '';
  for (const char of text) {
    const code = WIN_ANSI[char] ?? char.codePointAt(0) ?? 0;
    if (char === '\\' || char === '(' || char === ')') out += `\\${char}`;
    else if (code >= 0x20 && code <= 0x7e) out += char;
    else if (code >= 0x80 && code <= 0xff) out += `\\${code.toString(8)}`;
    else out += '?';
  }
  return `(${out})`;
}

/** The width of a figure such as `1,234.56 EUR` in Helvetica, for a font size of 1 (bold has the same digits). */
function figureWidth(text: string): number {
  const widths: Readonly<Record<string, number>> = { ',': 278, '.': 278, ' ': 278, E: 667, U: 722, R: 722 };
  return Array.from(text).reduce((sum, char) => sum + (widths[char] ?? 556), 0) / 1000;
}
