-- Who may do what in the database. It converges: the same again changes nothing.
ALTER DATABASE :"name" OWNER TO "voxnix-worker";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO "voxnix-bot";

ALTER SCHEMA public OWNER TO "voxnix-worker";
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO "voxnix-bot";

-- The bot reads and writes rows. It makes no table, and the engine's own schema is none of its business.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "voxnix-bot";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "voxnix-bot";
ALTER DEFAULT PRIVILEGES FOR ROLE "voxnix-worker" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "voxnix-bot";
ALTER DEFAULT PRIVILEGES FOR ROLE "voxnix-worker" IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO "voxnix-bot";
