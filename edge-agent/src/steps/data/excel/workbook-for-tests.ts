/** Workbooks part by part, as no library would write them. */
import { strToU8, type Zippable, zipSync } from 'fflate';

interface Parts {
  /** What lies in `<sheetData>`, and what follows it. */
  readonly rows: string;
  readonly after?: string;
  /** What lies in `<sst>`. */
  readonly texts?: string;
  /** What lies in `<styleSheet>`. */
  readonly styles?: string;
  readonly since1904?: boolean;
  readonly name?: string;
}

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';

/** The parts of a workbook of one sheet. */
export function partsOf({
  rows,
  after = '',
  texts = '',
  styles = '',
  since1904 = false,
  name = 'Data',
}: Parts): Zippable {
  const part = (text: string) => strToU8(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
  return {
    'xl/workbook.xml': part(
      `<workbook ${MAIN} ${R}><workbookPr date1904="${since1904 ? 1 : 0}"/><sheets><sheet name="${name}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': part(
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    ),
    'xl/worksheets/sheet1.xml': part(`<worksheet ${MAIN}><sheetData>${rows}</sheetData>${after}</worksheet>`),
    'xl/sharedStrings.xml': part(`<sst ${MAIN}>${texts}</sst>`),
    'xl/styles.xml': part(`<styleSheet ${MAIN}>${styles}</styleSheet>`),
  };
}

export function workbookOf(parts: Parts): Uint8Array {
  return zipSync(partsOf(parts));
}
