//! 消息: everybody's inbox and preferences; webhooks, deliveries and templates for those who run Zhida.
