/** Of the modules of nginx that are loaded on demand, `stream` and `mail` aside. See `table.ts` for how a line is read. */
export const OPTIONAL = `
# ngx_http_geoip_module, ngx_stream_geoip_module
geoip_city http,stream 1-2 list
geoip_country http,stream 1-2 list
geoip_org http,stream 1-2 list
geoip_proxy http 1 list
geoip_proxy_recursive http 1 flag

# ngx_http_image_filter_module
image_filter location 1-3 list
image_filter_buffer http,server,location 1 size
image_filter_interlace http,server,location 1 flag
image_filter_jpeg_quality http,server,location 1 list
image_filter_sharpen http,server,location 1 list
image_filter_transparency http,server,location 1 flag
image_filter_webp_quality http,server,location 1 list

# ngx_http_perl_module
perl location,limit_except 1 list
perl_modules http 1 list
perl_require http 1 list
perl_set http 2 list

# ngx_http_xslt_module
xml_entities http,server,location 1 list
xslt_last_modified http,server,location 1 flag
xslt_param http,server,location 2 list
xslt_string_param http,server,location 2 list
xslt_stylesheet location 1+ list
xslt_types http,server,location 1+ list
`
