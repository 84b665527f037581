/**
 * The tables that the applications keep their users in: the columns that matter for a login, with the types, keys and
 * collations that each application gives them (MySQL and MariaDB where it prefers them, otherwise PostgreSQL).
 */

/** `users` of a Laravel application: `create_users_table`, in the collation of its `config/database.php`. */
export const LARAVEL = `CREATE TABLE users (
  id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(255) NOT NULL,
  email varchar(255) NOT NULL UNIQUE,
  email_verified_at timestamp NULL DEFAULT NULL,
  password varchar(255) NOT NULL,
  remember_token varchar(100) DEFAULT NULL,
  created_at timestamp NULL DEFAULT NULL,
  updated_at timestamp NULL DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`

/** `users` of a WordPress site: `wp-admin/includes/schema.php`, in the collation that `wpdb` prefers. */
export const WORDPRESS = `CREATE TABLE wp_users (
  ID bigint(20) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_login varchar(60) NOT NULL DEFAULT '',
  user_pass varchar(255) NOT NULL DEFAULT '',
  user_email varchar(100) NOT NULL DEFAULT '',
  user_status int(11) NOT NULL DEFAULT 0,
  KEY user_login_key (user_login)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci`

/** What a network of WordPress sites has besides. */
export const WORDPRESS_NETWORK = `ALTER TABLE wp_users
  ADD COLUMN spam tinyint(2) NOT NULL DEFAULT 0,
  ADD COLUMN deleted tinyint(2) NOT NULL DEFAULT 0`

/** The users and their settings of Nextcloud: `core/Migrations` 13000 and 14000. */
export const NEXTCLOUD = `CREATE TABLE oc_users (
  uid varchar(64) NOT NULL DEFAULT '' PRIMARY KEY,
  displayname varchar(64) DEFAULT NULL,
  password varchar(255) NOT NULL DEFAULT '',
  uid_lower varchar(64) DEFAULT '',
  KEY user_uid_lower (uid_lower)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE oc_preferences (
  userid varchar(64) NOT NULL DEFAULT '',
  appid varchar(32) NOT NULL DEFAULT '',
  configkey varchar(64) NOT NULL DEFAULT '',
  configvalue longtext DEFAULT NULL,
  PRIMARY KEY (userid, appid, configkey)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

/** The users of Drupal 8 and newer: the user entity's data table, one row for each language. */
export const DRUPAL = `CREATE TABLE users_field_data (
  uid int(10) unsigned NOT NULL,
  langcode varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  name varchar(60) NOT NULL,
  pass varchar(255) DEFAULT NULL,
  mail varchar(254) DEFAULT NULL,
  status tinyint(4) DEFAULT NULL,
  default_langcode tinyint(4) NOT NULL,
  PRIMARY KEY (uid, langcode),
  UNIQUE KEY user__name (name, langcode)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci`

/** What Devise's generator makes on PostgreSQL, with the lines for `:confirmable` and `:lockable` uncommented. */
export const DEVISE = `CREATE TABLE users (
  id bigserial PRIMARY KEY,
  email character varying DEFAULT '' NOT NULL,
  encrypted_password character varying DEFAULT '' NOT NULL,
  reset_password_token character varying,
  confirmation_token character varying,
  confirmed_at timestamp(6) without time zone,
  unconfirmed_email character varying,
  failed_attempts integer DEFAULT 0 NOT NULL,
  locked_at timestamp(6) without time zone
);
CREATE UNIQUE INDEX index_users_on_email ON users USING btree (email)`

/** The tables of {@link NEXTCLOUD} as it makes them on PostgreSQL. */
export const NEXTCLOUD_POSTGRES = `CREATE TABLE oc_users (
  uid character varying(64) DEFAULT '' NOT NULL PRIMARY KEY,
  displayname character varying(64) DEFAULT NULL,
  password character varying(255) DEFAULT '' NOT NULL,
  uid_lower character varying(64) DEFAULT ''
);
CREATE TABLE oc_preferences (
  userid character varying(64) DEFAULT '' NOT NULL,
  appid character varying(32) DEFAULT '' NOT NULL,
  configkey character varying(64) DEFAULT '' NOT NULL,
  configvalue text DEFAULT NULL,
  PRIMARY KEY (userid, appid, configkey)
)`
