import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Asked } from '../view.ts'
import { ask, askHttp, endOf } from './testdata/ask.ts'

describe('what rewrites, conditions and returns do', () => {
  const cases = [
    [
      'return of a server comes before its locations',
      'return 301 https://$host$request_uri; location / { }',
      '/a%20b?x',
      'return 301 https://a.test/a%20b?x',
    ],
    ['return with a URL alone is a redirect', 'return https://$host;', '/', 'return 302 https://a.test'],
    ['return of a location is its own', 'location /a { return 204; location /a/b { } }', '/a/b', 'root html'],
    [
      'last looks for a location again',
      'location /a { rewrite ^/a(.*) /b$1 last; } location /b { return 200 $uri; }',
      '/a/x',
      'return 200 /b/x',
    ],
    [
      'no flag goes on, then looks again',
      'location /a { rewrite a /b; rewrite b /c; } location /c { return 204; }',
      '/a',
      'return 204',
    ],
    ['last in a server looks once', 'rewrite ^/a /b last; location /b { return 204; }', '/a', 'return 204'],
    ['break stays', 'location /a { rewrite ^ /b break; root /r; } location /b { return 204; }', '/a', 'root /r'],
    [
      'the query is kept',
      'location /a { rewrite ^ /b?y=1; } location /b { return 200 $args; }',
      '/a?x=1',
      'return 200 y=1&x=1',
    ],
    [
      'a ? at the end drops it',
      'location /a { rewrite ^ /b?; } location /b { return 200 "[$args]"; }',
      '/a?x=1',
      'return 200 []',
    ],
    [
      'a replacement with a scheme is a redirect',
      'rewrite ^/(.*) https://b.test/$1;',
      '/a?x',
      'return 302 https://b.test/a?x',
    ],
    ['permanent', 'rewrite ^/(.*) /b/$1 permanent;', '/a', 'return 301 /b/a'],
    [
      'what was encoded is encoded again in a redirect',
      'rewrite ^/(.*) /b?p=$1 redirect;',
      '/a%26b',
      'return 302 /b?p=a%26b',
    ],
    ['captures are decoded in a path', 'rewrite ^/(.*) /b/$1 redirect;', '/a%41', 'return 302 /b/aA'],
    ['a circle is 500', 'location / { rewrite ^ /a last; }', '/', 'return 500'],
    ['a path of nothing is 500', 'location / { rewrite ^ "" last; }', '/', 'return 500'],
    ['a condition that holds', 'if ($request_method = POST) { return 405; }', '/', 'root html'],
    ['one on the query', 'if ($arg_a = "b") { return 204; }', '/?A=b', 'return 204'],
    ['one on an empty value', 'if ($arg_a = "") { return 204; }', '/', 'return 204'],
    ['0 is no', 'if ($arg_a) { return 204; }', '/?a=0', 'root html'],
    ['parentheses may stand apart', 'if ( $uri ~ "^/a" ) { return 204; }', '/a', 'return 204'],
    ['!~* is no match in whatever case', 'if ($uri !~* ^/A) { return 204; }', '/a', 'root html'],
    ['a match gives groups', 'if ($uri ~ ^/(?<n>.)(.)) { return 200 "$n$2"; }', '/ab', 'return 200 ab'],
    [
      'a condition has its own proxy_pass',
      'location / { proxy_pass http://a; if ($arg_b) { proxy_pass http://b; } }',
      '/?b=1',
      'proxy http://b',
    ],
    [
      'or that of the location',
      'location / { proxy_pass http://a; if ($arg_b) { set $x 1; } }',
      '/?b=1',
      'proxy http://a',
    ],
    ['but not its try_files', 'location / { try_files $uri =404; if ($arg_b) { set $x 1; } }', '/?b=1', 'root html'],
    ['set is kept', 'set $x a; location / { set $y "$x-$x"; return 200 $y$z; }', '/', 'return 200 a-a$z'],
    [
      'set that is not come by is empty',
      'location /a { set $x 1; } location / { return 200 "[$x]"; }',
      '/',
      'return 200 []',
    ],
    [
      'what does not match empties the groups',
      'if ($uri ~ /(?<n>.)) { set $x 1; } rewrite b c; return 200 "[$1$n]";',
      '/a',
      'return 200 [a]',
    ],
    [
      'but !~ that does not hold gives some',
      'if ($uri !~ /(.)) { set $x 1; } return 200 "[$1]";',
      '/a',
      'return 200 [a]',
    ],
    ['break ends the rest', 'location / { break; return 204; }', '/', 'root html'],
    [
      'names that nginx does not set stay',
      'return 200 "$remote_addr $request_id";',
      '/',
      'return 200 $remote_addr $request_id',
    ],
  ] as const
  for (const [title, server, path, expected] of cases)
    test(title, () => assert.equal(endOf(ask(server, path)), expected))
})

describe('error pages', () => {
  const cases = [
    [
      'to a named location',
      'error_page 418 = @up; location / { return 418; } location @up { proxy_pass http://u; }',
      'proxy http://u',
      undefined,
    ],
    [
      'which keeps the status',
      'error_page 403 @up; location / { deny all; } location @up { proxy_pass http://u; }',
      'proxy http://u',
      403,
    ],
    [
      'to a path',
      'error_page 410 =200 /gone?x; location / { return 410; } location /gone { return 200 $uri$is_args$args; }',
      'return 200 /gone?x',
      200,
    ],
    [
      'to somewhere else',
      'error_page 410 https://b.test$uri; location / { return 410; }',
      'return 302 https://b.test/',
      302,
    ],
    ['once', 'error_page 410 /b; location / { return 410; } location /b { return 410; }', 'return 410', 410],
    [
      'more than once',
      'recursive_error_pages on; error_page 410 /b; location / { return 410; } location /b { error_page 410 =200 /c; return 410; } location /c { return 204; }',
      'return 204',
      200,
    ],
    [
      'not for text',
      'error_page 410 /b; location / { return 410 gone; } location /b { return 204; }',
      'return 410 gone',
      410,
    ],
    [
      'not those outside of a level that has some',
      'error_page 410 /b; location / { error_page 404 /c; return 410; }',
      'return 410',
      410,
    ],
    ['to a named location that is not there', 'error_page 410 @none; location / { return 410; }', 'return 500', 500],
  ] as const
  for (const [title, server, expected, status] of cases) {
    test(title, () => {
      const view = ask(server)
      assert.equal(endOf(view), expected)
      assert.equal(view.status, status)
    })
  }
  test('make a request GET', () => {
    const server = 'error_page 410 /b; location / { return 410; } location /b { proxy_pass http://u; }'
    assert.equal(ask(server, '/', { method: 'POST' }).method, 'GET')
  })
})

describe('files', () => {
  const cases = [
    ['of the innermost root or alias', 'root /r; location /a { alias /s; location /a/b { } }', '/a/b', 'alias /s'],
    [
      'try_files goes to its last argument',
      'location / { try_files $uri @up; } location @up { proxy_pass http://u; }',
      '/',
      'proxy http://u',
    ],
    [
      'which may be a path',
      'location / { try_files $uri /b?x=$uri; } location /b { return 200 $args; }',
      '/a',
      'return 200 x=/a',
    ],
    ['or a status', 'location / { try_files $uri =410; }', '/', 'return 410'],
    [
      'the file that it comes back for is there',
      'location / { try_files $uri /index.html; root /r; }',
      '/a',
      'try_files $uri /index.html',
    ],
    [
      'an index with a slash is another path',
      'location / { index /app; } location /app { return 200 $uri?$args; }',
      '/a/?x',
      'return 200 /app?x',
    ],
    ['an index is for directories', 'location / { index /app; }', '/a', 'root html'],
    ['none is there for a condition', 'location / { if (!-f $request_filename) { return 204; } }', '/', 'return 204'],
  ] as const
  for (const [title, server, path, expected] of cases)
    test(title, () => assert.equal(endOf(ask(server, path)), expected))
})

describe('what is not known is told', () => {
  const cases = [
    ['a header that was not given', 'if ($http_x_a) { return 204; }', 'taken that the request has no header X-A'],
    ['a cookie that was not given', 'if ($cookie_a) { return 204; }', 'taken that the request has no cookie a'],
    [
      'a variable',
      'if ($remote_addr = 1) { return 204; }',
      'taken that if ($remote_addr = 1) does not hold: $remote_addr is not known (nginx.conf:1:28)',
    ],
    [
      'a file',
      'if (-f /x) { return 204; }',
      'taken that the file which if (-f /x) asks for is not there (nginx.conf:1:28)',
    ],
    [
      'the files of try_files',
      'try_files $uri =404;',
      'taken that none of the files of try_files $uri =404 is there (nginx.conf:1:28)',
    ],
    [
      'an expression',
      'location ~ a++ { }',
      'taken that the regular expression a++ does not match: the possessive quantifier ++ is not evaluated here',
    ],
    [
      'the address of the client',
      'allow 127.0.0.1;',
      'taken that the address of the client is let in (nginx.conf:1:28)',
    ],
    ['who the client is', 'auth_basic x;', 'taken that auth_basic lets the request in (nginx.conf:1:28)'],
    [
      'where it goes',
      'location / { proxy_pass http://$remote_addr; }',
      'where proxy_pass http://$remote_addr goes depends on $remote_addr',
    ],
    [
      'what a later nginx does',
      'add_header_inherit merge;',
      'taken that add_header_inherit is on, not merge (nginx.conf:1:28)',
    ],
    ['the path', 'rewrite ^ /$remote_addr;', 'the path after rewrite ^ /$remote_addr depends on $remote_addr'],
  ] as const
  for (const [title, server, sentence] of cases) test(title, () => assert.deepEqual(ask(server).uncertain, [sentence]))

  test('and is known where all headers are given', () => {
    const asked: Partial<Asked> = { headers: { 'X-A': '1', cookie: 'b=2; c=3', Host: 'a.test:99' } }
    const view = ask('return 200 "$http_x_a $http_x_b $cookie_c $http_host";', '/', asked)
    assert.equal(endOf(view), 'return 200 1  3 a.test:99')
    assert.deepEqual(view.uncertain, [])
  })
})

describe('maps', () => {
  const of = (map: string, path = '/', more: Partial<Asked> = {}) =>
    endOf(askHttp(`map ${map} server { return 200 "[$to]"; }`, path, more)).replace('return 200 ', '')
  const cases = [
    ['an exact value', '$arg_a $to { default d; a 1; }', '/?a=a', '[1]'],
    ['in whatever case', '$arg_a $to { default d; a 1; }', '/?a=A', '[1]'],
    ['the default', '$arg_a $to { default d; a 1; }', '/', '[d]'],
    ['none is empty', '$arg_a $to { a 1; }', '/', '[]'],
    ['the empty value', '$arg_a $to { default d; "" e; }', '/', '[e]'],
    ['the first expression', '$uri $to { ~x$ 1; ~*^/A(?<r>.*) "2 $r"; }', '/ab', '[2 b]'],
    ['an exact value before an expression', '$uri $to { ~a 1; /a 2; }', '/a', '[2]'],
    ['a word of nginx as a value', '$arg_a $to { \\default 1; }', '/?a=default', '[1]'],
    ['another variable', '$arg_a $to { default $uri; }', '/u', '[/u]'],
    ['a map of a map', '$arg_a $x { default b; } map $x $to { b 1; }', '/', '[1]'],
    ['a map of itself is not known', '$to $to { default 1; }', '/', '[$to]'],
    ['hosts', '$host $to { hostnames; *.test 1; a.* 2; }', '/', '[1]'],
    ['hosts without saying so', '$host $to { *.test 1; a.* 2; }', '/', '[]'],
    ['the name with a dot before it', '$host $to { hostnames; .test 2; .a.test 1; }', '/', '[1]'],
  ] as const
  for (const [title, map, path, expected] of cases) test(title, () => assert.equal(of(map, path), expected))

  test('are asked once, unless they are volatile', () => {
    const server = 'server { set $a $to; rewrite ^ /b; location / { return 200 "$a $to"; } }'
    assert.equal(endOf(askHttp(`map $uri $to { default $uri; } ${server}`, '/a')), 'return 200 /a /a')
    assert.equal(endOf(askHttp(`map $uri $to { volatile; default $uri; } ${server}`, '/a')), 'return 200 /a /b')
  })
  test('of what is not known are not known', () => {
    assert.equal(of('$remote_addr $to { default 1; }'), '[$to]')
  })
})
