# What cloud-init does for a script, and nothing else: bash boot.sh FOLDER. The machine stays up until it is ended.
part=$1/part-001
if [ ! -s "$part" ]; then
    :
elif [ "$(head -c 2 "$part")" = '#!' ]; then
    (cd / && exec "$part") </dev/null
    code=$?
    if [ "$code" -ne 0 ]; then
        echo "cloud-init: [WARNING]: Failed running /var/lib/cloud/instance/scripts/part-001 [$code]"
    fi
else
    echo "cloud-init: [WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata"
fi
echo "cloud-init: finished"
exec sleep 2147483647
