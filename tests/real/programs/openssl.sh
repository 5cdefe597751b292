# openssl: keys generated twice are the same.
packages="openssl"
native_differs=yes  # random keys: natively each time another
run() {
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 2>&1 | grep -v '^[.+*]' | md5sum
  openssl ecparam -genkey -name prime256v1 -noout | md5sum
  openssl rand -hex 16
}
