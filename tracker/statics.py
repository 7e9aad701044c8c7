"""Static files under names that carry their digest, compressed once when they are collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    def create_compressor(self, **kwargs):
        # Brotli at its best level takes a minute for the API's browsable page and saves little over gzip.
        return super().create_compressor(use_brotli=False, **kwargs)
