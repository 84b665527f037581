import { findProgram, runCommand } from './daemon.ts'

/** A way to make a hash, by the application that has it. */
export type PhpAlgorithm =
  | 'bcrypt'
  | 'argon2i'
  | 'argon2id'
  | 'wordpress'
  | 'wordpress form'
  | 'phpass'
  | 'md5'
  | 'drupal 7'
  | 'drupal 6'
  | 'ruby bcrypt'
  | 'phpass vector'
  | 'drupal vector'

/**
 * How the PHP applications make their hashes, in their own language: `password_hash` is PHP's, what is done to the
 * password before and to the hash after is as each application documents it, and phpass is as Openwall specifies it.
 */
const SCRIPT = `
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

// Least significant bits first: of one, two or three bytes become two, three or four characters.
function phpass_text(string $bytes): string {
  $text = '';
  foreach (str_split($bytes, 3) as $group) {
    $value = 0;
    foreach (str_split($group) as $place => $byte) $value |= ord($byte) << 8 * $place;
    for ($digit = 0; $digit <= strlen($group); $digit++) $text .= ALPHABET[$value >> 6 * $digit & 63];
  }
  return $text;
}

function phpass(string $digest, string $setting, string $password): string {
  $hash = hash($digest, substr($setting, 4) . $password, true);
  for ($round = 1 << strpos(ALPHABET, $setting[3]); $round > 0; $round--) {
    $hash = hash($digest, $hash . $password, true);
  }
  return substr($setting . phpass_text($hash), 0, 55);
}

function make(string $algorithm, string $password): string {
  $salt = phpass_text(random_bytes(6));
  return match ($algorithm) {
    'bcrypt' => password_hash($password, PASSWORD_BCRYPT),
    'argon2i' => password_hash($password, PASSWORD_ARGON2I),
    'argon2id' => password_hash($password, PASSWORD_ARGON2ID),
    'wordpress' => '$wp' . make('bcrypt', base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true))),
    // What is typed in a form arrives with a backslash before each quote, and is hashed so.
    'wordpress form' => make('wordpress', addslashes($password)),
    'md5' => md5($password),
    'phpass' => phpass('md5', '$P$B' . $salt, $password),
    'drupal 7' => phpass('sha512', '$S$D' . $salt, $password),
    // A site that came from Drupal 6 had MD5, which Drupal 7 hashed again.
    'drupal 6' => 'U' . make('drupal 7', md5($password)),
    // The algorithm of Ruby's bcrypt is PHP's; each writes a prefix of its own.
    'ruby bcrypt' => '$2a$' . substr(make('bcrypt', $password), 4),
    'phpass vector' => phpass('md5', '$P$9IQRaTwmf', $password),
    'drupal vector' => phpass('sha512', '$S$CFURCPa.k', $password),
  };
}

`

const HASH =
  'echo json_encode(array_map(fn ($pair) => make(...$pair), json_decode(stream_get_contents(STDIN))));'
const VERIFY = 'echo json_encode(password_verify(...json_decode(stream_get_contents(STDIN))));'

/** Makes one hash for each pair of an algorithm and a password. */
export async function hashWithPhp(
  folder: string,
  pairs: readonly (readonly [PhpAlgorithm, string])[],
): Promise<string[]> {
  return JSON.parse(await runPhp(SCRIPT + HASH, folder, pairs))
}

/** Does PHP itself find that the hash is of the password? */
export async function verifyWithPhp(folder: string, password: string, hash: string): Promise<boolean> {
  return JSON.parse(await runPhp(VERIFY, folder, [password, hash]))
}

function runPhp(script: string, folder: string, input: unknown): Promise<string> {
  const php = findProgram('php-cli', '/usr/bin/php')
  return runCommand(php, ['-r', script], { folder, input: JSON.stringify(input) })
}
