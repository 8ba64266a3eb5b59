-- The newest transaction of which live events were forgotten: whoever resumes before it is told so.
ALTER TABLE store ADD COLUMN live_forgotten xid8 NOT NULL DEFAULT '0';
